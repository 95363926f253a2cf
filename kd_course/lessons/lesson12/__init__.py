"""The room of lesson 12; kd_course.lessons says what lies in it."""
