// Makes the customer's page live: says when there is news, shows the photos that were chosen, and
// keeps a double tap from sending twice. The page works without it.
"use strict";
(function () {
  var live = document.getElementById("live");
  var news = document.getElementById("news");
  var began = Date.now();
  var busy = false;

  function look() {
    if (!live || busy || document.hidden || !news.hidden) return;
    busy = true;
    fetch(live.dataset.since + "?after=" + live.dataset.version, { cache: "no-store" })
      .then(function (answer) {
        if (answer.status === 404) live = null;
        return answer.ok ? answer.json() : null;
      })
      .then(function (told) {
        if (!told) return;
        if (told.news) news.hidden = false;
        else live.dataset.version = told.version;
      })
      .catch(function () {})
      .then(function () {
        busy = false;
      });
  }

  // Who looks at it hears within two seconds; a page left open for long asks less often.
  function again() {
    look();
    setTimeout(again, Date.now() - began < 300000 ? 1500 : 10000);
  }
  setTimeout(again, 1500);
  document.addEventListener("visibilitychange", function () {
    began = Date.now();
    look();
  });

  var forms = document.querySelectorAll("form");
  for (var i = 0; i < forms.length; i++) {
    forms[i].addEventListener("submit", function (event) {
      if (this.dataset.sent) return event.preventDefault();
      this.dataset.sent = "1";
      this.classList.add("sent");
    });
  }
  // Coming back by the browser's button, one may send again.
  window.addEventListener("pageshow", function () {
    for (var i = 0; i < forms.length; i++) {
      delete forms[i].dataset.sent;
      forms[i].classList.remove("sent");
    }
  });

  var photos = document.getElementById("photos");
  var previews = document.getElementById("previews");
  if (!photos || !previews) return;
  document.documentElement.classList.add("js");
  photos.addEventListener("change", function () {
    while (previews.firstChild) {
      URL.revokeObjectURL(previews.firstChild.firstChild.src);
      previews.removeChild(previews.firstChild);
    }
    for (var i = 0; i < photos.files.length && i < 9; i++) {
      var image = document.createElement("img");
      image.src = URL.createObjectURL(photos.files[i]);
      image.alt = photos.files[i].name;
      var item = document.createElement("li");
      item.appendChild(image);
      previews.appendChild(item);
    }
    previews.hidden = !previews.firstChild;
  });
})();
