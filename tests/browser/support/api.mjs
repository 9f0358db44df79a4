// Our API, as the program that may do everything: `qidan demo` tells its token.
export class Api {
  constructor(house) {
    this.token = house.token;
    this.base = new URL("/api/v1", house.service).href;
  }

  async ask(method, path, body, actor) {
    const headers = { authorization: `Bearer ${this.token}`, "content-type": "application/json" };
    if (actor) headers["qidan-act-as"] = actor;
    const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    const answer = await fetch(this.base + path, init);
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text === "" ? null : JSON.parse(text);
  }

  get = (path) => this.ask("GET", path);
  post = (path, body = {}, actor) => this.ask("POST", path, body, actor);
  put = (path, body) => this.ask("PUT", path, body);
  delete = (path) => this.ask("DELETE", path);

  async publish(template) {
    await this.put(`/templates/${template.key}`, template);
    await this.post(`/templates/${template.key}/publish`);
  }
}
