"""The room of lesson 01; kd_course.lessons says what lies in it."""
