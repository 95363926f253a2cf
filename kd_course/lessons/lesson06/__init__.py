"""The room of lesson 06; kd_course.lessons says what lies in it."""
