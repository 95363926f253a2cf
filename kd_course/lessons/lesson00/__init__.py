"""The room of lesson 00; kd_course.lessons says what lies in it."""
