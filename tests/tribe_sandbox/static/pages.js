// Small helps; every page works without them.

// A new line proposes the price of its product.
for (const select of document.querySelectorAll("select[data-fills]")) {
    const target = document.getElementById(select.dataset.fills);
    const propose = () => {
        target.value = select.selectedOptions[0]?.dataset.price ?? "";
    };
    select.addEventListener("change", propose);
    propose();
}

// What went over the wire is shown as it happens, while somebody looks.
const live = document.querySelector("[data-live]");
if (live) {
    const box = document.getElementById("live");
    setInterval(async () => {
        if (box.checked && !document.hidden) {
            const answer = await fetch(live.dataset.live);
            if (answer.ok) {
                live.innerHTML = await answer.text();
            }
        }
    }, 2000);
}
