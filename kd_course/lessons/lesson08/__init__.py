"""The room of lesson 08; kd_course.lessons says what lies in it."""
