"""The room of lesson 11; kd_course.lessons says what lies in it."""
