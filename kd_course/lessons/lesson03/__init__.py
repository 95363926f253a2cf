"""The room of lesson 03; kd_course.lessons says what lies in it."""
