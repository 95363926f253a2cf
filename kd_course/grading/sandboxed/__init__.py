"""What runs inside the locked box, beside the student's code. It holds no answer.

    loader.py        loads torch and the lesson's setup once, and forks a process for each exercise
    confine.py       what that process loses before it sees a line of the student's code
    package.py       the course's package without the answers, imported from memory
    stand_ins.py     what runs in place of parts of torch that need sockets
    student_code.py  runs the student's cells, then the function that the exercise asks for
    wire.py          plain values as bytes: all that crosses the border

The trusted side imports from here how messages are written. Whatever comes out of the box is material to
check, never to believe.
"""
