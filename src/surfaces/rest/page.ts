import { createHash } from 'node:crypto';

/** A page with everything in it, and the headers that let nothing else in. */
export type Page = { readonly html: string; readonly headers: Readonly<Record<string, string>> };

const style = `body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:4rem auto;padding:0 1rem}
@media (prefers-color-scheme:dark){body{background:#111;color:#ddd}a{color:#8bf}}`;

function page({ title, body, script }: { title: string; body: string; script: string }): Page {
  const html = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title>
<style>${style}</style></head><body><main><h1>${title}</h1>${body}</main><script>${script}</script></body></html>
`;
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(script)}`,
    `style-src ${hashOf(style)}`,
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  return {
    html,
    headers: {
      'content-security-policy': policy,
      'content-type': 'text/html; charset=utf-8',
      'cross-origin-opener-policy': 'same-origin',
    },
  };
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

/** The code stays behind the #: it reaches no log, and leaves the history before it is used. */
export const loginPage = page({
  title: 'Stint',
  body: '<p id="state" role="status">Logging in…</p><noscript><p>Logging in needs JavaScript.</p></noscript>',
  script: `const state=document.getElementById('state');const code=location.hash.slice(1);
history.replaceState(null,'','/login');
const tell=(text)=>{state.textContent=text};
if(code==='')tell('Run in a terminal: stint dashboard link');
else fetch('/api/login',{method:'POST',headers:{'content-type':'application/json'},body:JSON.stringify({code})})
.then(async(answer)=>{if(answer.ok)location.replace('/');else{const p=await answer.json();tell(p.detail+' '+(p.hint??''))}})
.catch(()=>tell('The daemon does not answer.'));`,
});

export const homePage = page({
  title: 'Stint',
  body: `<p id="state" role="status">This browser is logged in.</p>
<p><a href="/api/status">Status</a> · <a href="/api/openapi.json">API</a> · <button id="out">Log out</button></p>`,
  script: `document.getElementById('out').addEventListener('click',()=>
fetch('/api/logout',{method:'POST'}).then(()=>location.reload()));`,
});

export const strangerPage = page({
  title: 'Stint',
  body: '<p>This browser is not logged in. Run in a terminal: <code>stint dashboard link</code></p>',
  script: '',
});
