"""The room of lesson 05; kd_course.lessons says what lies in it."""
