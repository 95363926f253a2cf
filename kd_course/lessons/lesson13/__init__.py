"""The room of lesson 13; kd_course.lessons says what lies in it."""
