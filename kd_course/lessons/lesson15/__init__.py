"""The room of lesson 15; kd_course.lessons says what lies in it."""
