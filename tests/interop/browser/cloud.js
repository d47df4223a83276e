// The cloud API called directly, to see that what the console says is so. The signature is TC3-HMAC-SHA256.
"use strict";

const { createHash, createHmac } = require("node:crypto");

class Refused extends Error {
  constructor(action, error) {
    super(`\`${action}\` was refused: ${error.Code}: ${error.Message}`);
    this.code = error.Code;
    this.error = error;
  }
}

class Cloud {
  constructor({ endpoint, region, id, key }) {
    Object.assign(this, { endpoint, region, id, key });
  }

  in(region) {
    return new Cloud({ ...this, region });
  }

  call(action, members = {}) {
    return this.post("/", action, members);
  }

  /** An action of ours, which the vendor's API never had. */
  extension(action, members = {}) {
    return this.post(`/opengse/${action}`, action, members);
  }

  async post(path, action, members) {
    const body = JSON.stringify(members);
    const headers = { ...this.signed(path, body), "X-TC-Action": action, "X-TC-Version": "2019-11-12", "X-TC-Region": this.region };
    const answer = await fetch(this.endpoint + path, { method: "POST", headers, body });
    const { Response } = await answer.json();
    if (Response.Error) throw new Refused(action, Response.Error);
    return Response;
  }

  signed(path, body) {
    const host = new URL(this.endpoint).host;
    const now = Math.floor(Date.now() / 1000);
    const day = new Date(now * 1000).toISOString().slice(0, 10);
    const sha = (text) => createHash("sha256").update(text).digest("hex");
    const mac = (key, text) => createHmac("sha256", key).update(text).digest();
    const names = "content-type;host";
    const request = ["POST", path, "", `content-type:application/json\nhost:${host}\n`, names, sha(body)].join("\n");
    const scope = `${day}/gse/tc3_request`;
    const text = ["TC3-HMAC-SHA256", now, scope, sha(request)].join("\n");
    const key = [day, "gse", "tc3_request"].reduce(mac, `TC3${this.key}`);
    const signature = mac(key, text).toString("hex");
    return {
      "Content-Type": "application/json",
      "X-TC-Timestamp": String(now),
      Authorization: `TC3-HMAC-SHA256 Credential=${this.id}/${scope}, SignedHeaders=${names}, Signature=${signature}`,
    };
  }
}

module.exports = { Cloud, Refused };
