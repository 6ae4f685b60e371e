/** Who a plan's token speaks for. */
export interface TokenClaims {
  readonly accountId: string;
  readonly planType: string;
  readonly userId: string;
  readonly email: string;
}

interface Lifetime {
  /** Epoch ms. */
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** Tells two tokens of one moment apart. */
  readonly count: number;
}

/** A JWT with the claims that Codex reads; nobody checks the signature. */
export function mintJwt(claims: TokenClaims, { issuedAt, expiresAt, count }: Lifetime): string {
  const payload = {
    aud: ['https://api.openai.com/v1'],
    iss: 'https://auth.openai.com',
    iat: Math.floor(issuedAt / 1000),
    exp: Math.floor(expiresAt / 1000),
    jti: `simulated-${count}`,
    sub: claims.userId,
    email: claims.email,
    'https://api.openai.com/auth': {
      chatgpt_account_id: claims.accountId,
      chatgpt_plan_type: claims.planType,
      chatgpt_user_id: claims.userId,
      user_id: claims.userId,
    },
    'https://api.openai.com/profile': { email: claims.email, email_verified: true },
  };
  return [{ alg: 'RS256', typ: 'JWT' }, payload].map(segment).concat('c2ltdWxhdGVk').join('.');
}

function segment(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}
