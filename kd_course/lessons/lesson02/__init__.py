"""The room of lesson 02; kd_course.lessons says what lies in it."""
