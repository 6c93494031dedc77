"""What errors are."""

import pickle
import unittest

import skad


class Errors(unittest.TestCase):
    def test_errors_cross_processes(self):
        error = skad.InputError("too long", method="put", parameter="value", index=0, expected="1 to 1000 bytes")
        again = pickle.loads(pickle.dumps(error))
        self.assertEqual((type(again), str(again), again.__dict__), (type(error), str(error), error.__dict__))

    def test_they_are_what_python_calls_such_errors(self):
        self.assertTrue(issubclass(skad.TimedOutError, TimeoutError))
        self.assertTrue(issubclass(skad.NoAnswerError, TimeoutError))
        self.assertTrue(issubclass(skad.DisconnectedError, ConnectionError))
        self.assertTrue(issubclass(skad.UnreachableError, ConnectionError))


if __name__ == "__main__":
    unittest.main()
