import { expect, test } from "vitest";
import { asProblem, Problem, problemFrom } from "./problem";

test("problem details are read with their fields and hint", () => {
  const problem = problemFrom(400, {
    title: "Some values are not valid",
    detail: "Not accepted: name.",
    code: "invalid",
    hint: "Choose another.",
    errors: [
      { field: "name", message: "Taken." },
      { field: "name", message: "Too short." },
    ],
  });
  expect(problem).toMatchObject({ status: 400, code: "invalid", hint: "Choose another." });
  expect(problem.fields).toEqual({ name: "Taken. Too short." });
});

test("an answer that is no problem document still says what happened", () => {
  expect(problemFrom(502, "<html>").title).toBe("The server could not be reached");
  expect(problemFrom(418, null)).toMatchObject({ title: "The server answered 418", code: "http_418" });
});

test("any thrown value can be shown", () => {
  expect(asProblem(new Error("boom")).detail).toBe("boom");
  const problem = new Problem({ status: 1, code: "a", title: "b" });
  expect(asProblem(problem)).toBe(problem);
});
