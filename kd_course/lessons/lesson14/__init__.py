"""The room of lesson 14; kd_course.lessons says what lies in it."""
