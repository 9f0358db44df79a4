// The words of a story: what a person does on the simulator's page, and sees there.

export class Client {
  constructor(page) {
    this.page = page;
  }

  static async open(page, house) {
    const client = new Client(page);
    await page.goto(house.simulator);
    await page.getByRole("navigation", { name: "成员" }).waitFor({ state: "attached" });
    await page.locator("[data-userid]").first().waitFor({ state: "attached" });
    return client;
  }

  person(name) {
    return this.page.locator("[data-userid]").filter({ hasText: name });
  }

  async becomes(name) {
    const list = this.page.getByRole("button", { name: "成员", exact: true });
    if (!(await this.person(name).isVisible())) await list.last().click();
    await this.person(name).click();
    await this.page.getByText(`以 ${name} 的身份`).waitFor();
  }

  /** Opens a conversation of whoever is played: a customer, a group, `app` or `workbench`. */
  async talksWith(id) {
    const talk = this.page.locator(`[data-talk="${id}"]`);
    await talk.waitFor({ state: "attached" });
    const list = this.page.getByRole("button", { name: "成员", exact: true });
    if (!(await talk.isVisible())) await list.last().click();
    await talk.click();
  }

  async says(words) {
    await this.page.getByRole("textbox", { name: /^发消息给/ }).fill(words);
    await this.page.getByRole("button", { name: "发送", exact: true }).last().click();
  }

  get chat() {
    return this.page.getByRole("log");
  }

  /** The newest card whose words include these. */
  card(words) {
    return this.chat.getByRole("article").filter({ hasText: words }).last();
  }

  /**
   * The card that is the newest one with these words once it has that button; it stays the same
   * card when newer ones come.
   */
  async newestCard(words, button) {
    const cards = this.chat.getByRole("article").filter({ hasText: words });
    await this.button(cards.last(), button).waitFor();
    return cards.nth((await cards.count()) - 1);
  }

  button(card, name) {
    return card.getByRole("button", { name, exact: true });
  }
}
