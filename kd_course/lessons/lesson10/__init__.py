"""The room of lesson 10; kd_course.lessons says what lies in it."""
