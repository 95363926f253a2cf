"""The room of lesson 04; kd_course.lessons says what lies in it."""
