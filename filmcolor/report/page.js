"use strict";
for (const sample of document.querySelectorAll(".sample")) {
  const input = sample.querySelector("input");
  const show = () => sample.style.setProperty("--split", input.value + "%");
  input.addEventListener("input", show);
  show(); // a browser may restore the slider's place when the page is loaded again
  for (const button of sample.querySelectorAll("button")) {
    button.addEventListener("click", () => {
      sample.dataset.under = button.dataset.under;
      sample.querySelector(".tag.left").textContent = button.textContent;
      for (const other of sample.querySelectorAll("button")) {
        other.setAttribute("aria-pressed", String(other === button));
      }
    });
  }
}
