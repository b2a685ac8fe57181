// A grid of pictures that are buttons: the pictures come as one PNG, one below the other, with a label each.
const COLUMN = 112;
const TILE = '<span class="picture"></span><span class="bar"><span></span></span><b></b><span class="share"></span>';

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
    tile.innerHTML = TILE;
    tile.addEventListener("click", () => choose(model.get("labels")[tile.dataset.place]));
    tile.addEventListener("keydown", move);
    return tile;
  }

  function choose({ id, number }) {
    const [most, old] = [model.get("most"), model.get("chosen")];
    const again = most > 1 && old.includes(id);
    if (most > 1 && !again && old.length >= most) {
      model.set("refused", model.get("refused") + 1);
    } else {
      model.set("chosen", again ? old.filter((one) => one !== id) : [...old, id].slice(-most));
      model.set("picked", { id, number, clicks: (model.get("picked").clicks || 0) + 1 });
    }
    model.save_changes();
  }

  function move(event) {
    const place = Number(event.currentTarget.dataset.place);
    const columns = getComputedStyle(group).gridTemplateColumns.split(" ").length;
    const last = group.children.length - 1;
    const [right, left, down, up] = [place + 1, place - 1, place + columns, place - columns];
    const next = { ArrowRight: right, ArrowLeft: left, ArrowDown: down, ArrowUp: up, Home: 0, End: last }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    group.children[Math.min(last, Math.max(0, next))].focus();
  }

  async function drawSprite() {
    const old = address;
    sprite = model.get("sprite");
    const mine = sprite.byteLength ? URL.createObjectURL(new Blob([sprite], { type: "image/png" })) : null;
    address = mine;
    // The old picture stays until the new one can be shown, so that nothing flickers.
    if (mine) await Object.assign(new Image(), { src: mine }).decode().catch(() => {});
    if (mine === address) group.style.setProperty("--sprite", mine ? `url("${mine}")` : "none");
    if (old) URL.revokeObjectURL(old);
  }

  function draw() {
    const [labels, chosen] = [model.get("labels"), model.get("chosen")];
    if (model.get("sprite") !== sprite) drawSprite();
    group.setAttribute("aria-label", model.get("caption"));
    group.classList.toggle("pixels", model.get("enlarged"));
    while (group.children.length > labels.length) group.lastChild.remove();
    while (group.children.length < labels.length) group.append(makeTile());
    labels.forEach(({ id, name, share, confidence }, place) => {
      const tile = group.children[place];
      const [picture, bar, title, told] = tile.children;
      tile.dataset.place = place;
      tile.title = title.textContent = name;
      told.textContent = share;
      tile.setAttribute("aria-label", `${name}, ${share}`);
      tile.setAttribute("aria-pressed", String(chosen.includes(id)));
      picture.style.backgroundSize = `${COLUMN}px ${COLUMN * labels.length}px`;
      picture.style.backgroundPosition = `0 ${-COLUMN * place}px`;
      bar.firstChild.style.width = `${100 * confidence}%`;
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
