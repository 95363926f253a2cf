// JupyterLab shows a picture without the text alternative that its output's metadata hold. This
// renderer takes the place of its own for PNG and adds the `alt`. It is written as webpack would
// leave it (a "container" with init and get), so that nothing has to be built.
(() => {
  const NAME = "kd-course-alternatives";
  let shared; // JupyterLab's modules, by name and version

  function renderer(Widget) {
    class Picture extends Widget {
      constructor({ mimeType }) {
        super();
        this.mimeType = mimeType;
        this.addClass("jp-RenderedImage");
      }

      async renderModel(model) {
        const about = model.metadata[this.mimeType] || {};
        const picture = document.createElement("img");
        picture.src = `data:${this.mimeType};base64,${model.data[this.mimeType]}`;
        if (typeof about.width === "number") picture.width = about.width;
        if (typeof about.height === "number") picture.height = about.height;
        if (about.unconfined === true) picture.classList.add("jp-mod-unconfined");
        const ground = model.metadata.needs_background;
        if (ground) picture.classList.add(`jp-needs-${ground}-background`);
        // The metadata hold the text escaped for HTML.
        const said = new DOMParser().parseFromString(about.alt || "", "text/html");
        picture.alt = said.documentElement.textContent;
        this.node.replaceChildren(picture);
      }
    }
    return {
      safe: true,
      mimeTypes: ["image/png"],
      createRenderer: (options) => new Picture(options),
    };
  }

  window._JUPYTERLAB = window._JUPYTERLAB || {};
  window._JUPYTERLAB[NAME] = {
    init: async (scope) => {
      shared = scope;
    },
    get: async () => {
      const [widgets] = Object.values(shared["@lumino/widgets"]);
      const { Widget } = (await widgets.get())();
      const plugin = { id: `${NAME}:plugin`, rendererFactory: renderer(Widget), rank: 90, dataType: "string" };
      return () => ({ __esModule: true, default: plugin });
    },
  };
})();
