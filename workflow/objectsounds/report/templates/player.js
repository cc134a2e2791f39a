// One sound at a time, and tracks that switch in place:
//   <div class="player">
//     <audio controls preload=none src=mixture.mp3 aria-label=...></audio>
//     <button type=button data-sound=mixture.mp3 aria-pressed=true>Mixture</button> ...
//   </div>
// A click on a button plays its sound in the player's <audio> from where the last one was; a click on the
// sound that is chosen stops it or goes on. Keys on a button: arrows, Home, End and 1-9 choose.
// Beside these a player may have, each optional:
//   data-spoken on a button: what is said of it in <p class="now"> and as the alt text of its pictures
//   <div class="view" data-show="picture"><img ...><span class="line" hidden></span></div>: the picture
//     that a button names as data-picture (or data-mask, ...), with a line where the sound is
for (const player of document.querySelectorAll(".player")) {
  const audio = player.querySelector("audio");
  const buttons = [...player.querySelectorAll("[data-sound]")];
  const views = [...player.querySelectorAll(".view")], now = player.querySelector(".now");
  let wanted = null; // where to go on, as long as a new sound has not been opened
  const position = () => wanted === null ? audio.currentTime : wanted;
  const length = () => Number.isFinite(audio.duration) ? audio.duration : 0;

  const show = button => {
    for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
    const spoken = button.dataset.spoken || button.textContent.trim();
    audio.setAttribute("aria-label", spoken);
    if (now) now.textContent = spoken;
    for (const view of views) {
      const picture = view.querySelector("img"), file = button.dataset[view.dataset.show];
      (view.closest("figure") || view).hidden = !file;
      if (file) picture.src = file;
      picture.alt = file ? (view.dataset.show === "mask" ? "mask of " : "spectrogram of ") + spoken : "";
    }
  };
  const draw = () => {
    for (const view of views) {
      const line = view.querySelector(".line");
      line.hidden = !length();
      line.style.left = 100 * position() / (length() || 1) + "%";
    }
    if (!audio.paused) requestAnimationFrame(draw);
  };
  const play = () => audio.play().catch(error => {
    if (error.name !== "AbortError") throw error; // another sound was chosen before this one began
  });
  const choose = (button, start) => {
    if (audio.getAttribute("src") !== button.dataset.sound) {
      wanted = audio.ended ? 0 : position();
      show(button);
      audio.src = button.dataset.sound;
      audio.preload = "metadata"; // after it, or the old sound would be fetched
    }
    if (start) play();
  };
  audio.addEventListener("loadedmetadata", () => {
    if (wanted !== null) audio.currentTime = Math.min(wanted, length());
    wanted = null;
    draw();
  });
  for (const name of ["play", "seeked", "pause"]) audio.addEventListener(name, draw);

  buttons.forEach((button, place) => {
    button.addEventListener("click", () => {
      const chosen = button.getAttribute("aria-pressed") === "true";
      if (chosen && !audio.paused) audio.pause();
      else choose(button, true);
    });
    button.addEventListener("keydown", event => {
      const last = buttons.length - 1, step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      let next = step ? Math.min(last, Math.max(0, place + step)) : { Home: 0, End: last }[event.key];
      if (/^[1-9]$/.test(event.key) && event.key <= buttons.length) next = event.key - 1;
      if (next === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      buttons[next].focus();
      choose(buttons[next], !audio.paused);
    });
  });
  for (const view of views) view.addEventListener("click", event => {
    const box = view.getBoundingClientRect(), share = (event.clientX - box.left) / box.width;
    if (length()) audio.currentTime = share * length();
  });
}
document.addEventListener("play", event => {
  for (const audio of document.querySelectorAll("audio")) if (audio !== event.target) audio.pause();
}, true);
