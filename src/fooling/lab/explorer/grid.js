// A grid of pictures that are buttons: the pictures come as one PNG, one below the other, with a label each.
const COLUMN = 112;

function render({ model, el }) {
  const group = document.createElement("div");
  group.className = "fooling-grid";
  group.setAttribute("role", "group");
  el.append(group);
  let address = null;
  let sprite = null;

  function makeTile() {
    const tile = document.createElement("button");
    tile.type = "button";
    tile.innerHTML =
      '<span class="picture"></span><span class="bar"><span></span></span><b></b><span class="share"></span>';
    tile.addEventListener("click", () => choose(Number(tile.dataset.place)));
    tile.addEventListener("keydown", move);
    return tile;
  }

  function choose(place) {
    const label = model.get("labels")[place];
    const most = model.get("most");
    let chosen = model.get("chosen");
    if (most === 1) chosen = [label.id];
    else if (chosen.includes(label.id)) chosen = chosen.filter((id) => id !== label.id);
    else chosen = [...chosen, label.id].slice(-most);
    model.set("chosen", chosen);
    model.set("picked", { id: label.id, number: label.number, clicks: (model.get("picked").clicks || 0) + 1 });
    model.save_changes();
    draw();
  }

  function move(event) {
    const place = Number(event.currentTarget.dataset.place);
    const columns = Math.max(1, getComputedStyle(group).gridTemplateColumns.split(" ").length);
    const last = group.children.length - 1;
    const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns };
    let next = null;
    if (event.key in steps) next = place + steps[event.key];
    if (event.key === "Home") next = 0;
    if (event.key === "End") next = last;
    if (next === null) return;
    event.preventDefault();
    event.stopPropagation();
    group.children[Math.min(last, Math.max(0, next))].focus();
  }

  function draw() {
    const labels = model.get("labels");
    const chosen = model.get("chosen");
    if (model.get("sprite") !== sprite) {
      sprite = model.get("sprite");
      const old = address;
      address = sprite.byteLength ? URL.createObjectURL(new Blob([sprite], { type: "image/png" })) : null;
      // The old picture stays until the new one can be shown, so that nothing flickers.
      const loaded = new Image();
      const mine = address;
      const show = () => {
        if (mine === address) group.style.setProperty("--sprite", mine ? `url("${mine}")` : "none");
        if (old) URL.revokeObjectURL(old);
      };
      loaded.onload = show;
      if (mine) loaded.src = mine;
      else show();
    }
    group.setAttribute("aria-label", model.get("caption"));
    group.classList.toggle("pixels", model.get("enlarged"));
    while (group.children.length > labels.length) group.lastChild.remove();
    while (group.children.length < labels.length) group.append(makeTile());
    labels.forEach((label, place) => {
      const tile = group.children[place];
      const [picture, bar, name, share] = tile.children;
      tile.dataset.place = place;
      tile.tabIndex = 0;
      tile.title = label.name;
      tile.setAttribute("aria-label", `${label.name}, ${label.share}`);
      tile.setAttribute("aria-pressed", String(chosen.includes(label.id)));
      picture.style.backgroundSize = `${COLUMN}px ${COLUMN * labels.length}px`;
      picture.style.backgroundPosition = `0 ${-COLUMN * place}px`;
      bar.firstChild.style.width = `${100 * label.confidence}%`;
      name.textContent = label.name;
      share.textContent = label.share;
    });
  }

  model.on("change", draw);
  draw();
  return () => {
    model.off("change", draw);
    if (address) URL.revokeObjectURL(address);
  };
}

export default { render };
