/**
 * Keeps the files of this page in the browser, so that it opens without a network. The server writes two lines before these:
 * VERSION, which names what all files are, and FILES, each with its ETag. A version is kept as a whole or not at all.
 */

const CACHE = `heartline-${VERSION}`;

self.addEventListener("install", (event) => {
  event.waitUntil(install().then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(forgetOldVersions().then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  const path = request.mode === "navigate" && url.pathname === "/" ? "/index.html" : url.pathname;
  if (path in FILES) event.respondWith(serve(path, request));
});

async function install() {
  const cache = await caches.open(CACHE);
  await Promise.all(
    Object.entries(FILES).map(async ([path, etag]) => {
      const response = await fetch(path, { cache: "no-cache" });
      if (!response.ok || response.headers.get("etag") !== etag) throw new Error(`${path} is of another version`);
      await cache.put(path, response);
    }),
  );
}

async function serve(path, request) {
  const cached = await (await caches.open(CACHE)).match(path);
  return cached ?? fetch(request);
}

async function forgetOldVersions() {
  for (const name of await caches.keys()) {
    if (name.startsWith("heartline-") && name !== CACHE) await caches.delete(name);
  }
}
