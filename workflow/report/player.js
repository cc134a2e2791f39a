// One sound at a time, and tracks that switch in place:
//   <div class="player">
//     <audio controls preload="none" src="mixture.mp3" aria-label="..."></audio>
//     <button type="button" data-sound="mixture.mp3" aria-pressed="true">Mixture</button> ...
//   </div>
// A click on a button plays its sound in the player's <audio> from where the last one was.
for (const player of document.querySelectorAll(".player")) {
  const audio = player.querySelector("audio");
  const buttons = [...player.querySelectorAll("[data-sound]")];
  for (const button of buttons) button.addEventListener("click", () => {
    const place = audio.currentTime, playing = !audio.paused;
    for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
    if (audio.getAttribute("src") === button.dataset.sound) return;
    audio.src = button.dataset.sound;
    if (place > 0) audio.addEventListener("loadedmetadata", () => { audio.currentTime = place; }, { once: true });
    if (playing) audio.play();
    else if (place > 0) audio.load();
  });
}
document.addEventListener("play", event => {
  for (const audio of document.querySelectorAll("audio")) if (audio !== event.target) audio.pause();
}, true);
