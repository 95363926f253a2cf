"""The room of lesson 07; kd_course.lessons says what lies in it."""
