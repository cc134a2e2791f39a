"use strict";
// The mixer: all sounds play together, each through a gain that follows its slider, solo and mute.
(() => {
  const AHEAD = 0.06; // s that two sounds may be apart before they are brought together
  const mixers = new WeakMap();
  let context = null;

  const tracksOf = (mixer) => [...mixer.querySelectorAll(".os-track")];
  const pressed = (track, what) => track.querySelector(`[data-do=${what}]`).getAttribute("aria-pressed") === "true";
  const clock = (s) => `${Math.floor(s / 60)}:${String(Math.floor(s % 60)).padStart(2, "0")}`;
  const decibels = (track) => Number(track.querySelector("[data-do=gain]").value);

  function audible(mixer, track) {
    const solo = tracksOf(mixer).some((other) => pressed(other, "solo"));
    return !pressed(track, "mute") && (!solo || pressed(track, "solo"));
  }

  // Gains in dB by sound, null where it is not heard: what the remix is made of.
  window.objectsoundsGains = () => {
    const mixer = document.querySelector(".os-mixer");
    if (!mixer) return "{}";
    const rows = tracksOf(mixer).map((track) => [track.dataset.track, audible(mixer, track) ? decibels(track) : null]);
    return JSON.stringify(Object.fromEntries(rows));
  };

  function stateOf(mixer) {
    if (!mixers.has(mixer)) {
      context ??= new AudioContext();
      const gains = tracksOf(mixer).map((track) => {
        const gain = context.createGain();
        context.createMediaElementSource(track.querySelector("audio")).connect(gain).connect(context.destination);
        return gain;
      });
      mixers.set(mixer, { gains });
    }
    return mixers.get(mixer);
  }

  function apply(mixer) {
    for (const [index, track] of tracksOf(mixer).entries()) {
      const heard = audible(mixer, track), level = decibels(track);
      track.classList.toggle("os-silent", !heard);
      track.querySelector("[data-show=gain]").value = `${level > 0 ? "+" : ""}${level} dB`;
      const gain = mixers.get(mixer)?.gains[index];
      if (gain) gain.gain.setTargetAtTime(heard ? 10 ** (level / 20) : 0, context.currentTime, 0.01);
    }
  }

  function show(mixer) {
    const [first, ...others] = mixer.querySelectorAll("audio");
    const place = mixer.querySelector("[data-do=seek]"), end = Number(place.max);
    for (const other of others) {
      if (!first.paused && Math.abs(other.currentTime - first.currentTime) > AHEAD) other.currentTime = first.currentTime;
    }
    place.value = first.currentTime;
    mixer.querySelector("[data-show=time]").value = `${clock(first.currentTime)} / ${clock(end)}`;
    const button = mixer.querySelector("[data-do=play]");
    button.textContent = first.paused ? "▶" : "❚❚";
    button.setAttribute("aria-label", first.paused ? "play" : "pause");
    if (mixer.isConnected && !first.paused) requestAnimationFrame(() => show(mixer));
  }

  async function toggle(mixer) {
    const sounds = [...mixer.querySelectorAll("audio")];
    if (!sounds[0].paused) {
      sounds.forEach((sound) => sound.pause());
    } else {
      stateOf(mixer);
      apply(mixer);
      await context.resume();
      if (sounds[0].ended) sounds.forEach((sound) => { sound.currentTime = 0; });
      await Promise.all(sounds.map((sound) => sound.play()));
    }
    show(mixer);
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.(".os-mixer button[data-do]");
    if (!button) return;
    const mixer = button.closest(".os-mixer");
    if (button.dataset.do === "play") return void toggle(mixer);
    button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
    apply(mixer);
  });
  document.addEventListener("input", (event) => {
    const mixer = event.target.closest?.(".os-mixer");
    if (!mixer) return;
    if (event.target.dataset.do === "gain") return apply(mixer);
    mixer.querySelectorAll("audio").forEach((sound) => { sound.currentTime = Number(event.target.value); });
    show(mixer);
  });
  document.addEventListener("pause", (event) => {
    const mixer = event.target.closest?.(".os-mixer");
    if (mixer) show(mixer);
  }, true);
})();
