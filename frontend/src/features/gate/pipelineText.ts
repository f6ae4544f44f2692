/**
 * What pipelines paste to ask the gate. `docs/gate.md` has the same; a test holds both together.
 *
 * Where jq reads from a pipe it slurps (`-s`): given nothing at all, jq 1.6 would end with 0 and the image be deployed.
 */

/** The report that a scanner left; `environment` is a slug. */
export function reportCommand(server: string, environment: string): string {
  return `curl -sSf -H "Authorization: Bearer $PLIMSOLL_TOKEN" \\
  -H "Content-Type: application/octet-stream" --data-binary @report.json \\
  "${server}/api/v1/gate?environment=${environment}&name=report.json" | jq -es '.[0].allowed'`;
}

export function imageCommand(server: string, environment: string): string {
  return `curl -sf -H "Authorization: Bearer $PLIMSOLL_TOKEN" -H "Content-Type: application/json" \\
  -d '{"image": "registry.example/shop/web:1.4.2", "environment": "${environment}"}' \\
  ${server}/api/v1/gate | jq -es '.[0].allowed'`;
}

export function plainCommand(server: string, environment: string): string {
  return `curl -sf -H "Authorization: Bearer $PLIMSOLL_TOKEN" -H "Content-Type: application/json" \\
  -d '{"image": "registry.example/shop/web:1.4.2", "environment": "${environment}"}' \\
  ${server}/api/v1/gate | grep -q '"allowed":true'`;
}

export function githubText(server: string, environment: string): string {
  return `      - name: Describe the image
        run: trivy image --format json --output report.json "$IMAGE"
      - name: Ask whether it may be deployed
        env:
          PLIMSOLL_TOKEN: \${{ secrets.PLIMSOLL_TOKEN }}
        run: |
          curl -sS --fail-with-body -o answer.json \\
            -H "Authorization: Bearer $PLIMSOLL_TOKEN" \\
            -H "Content-Type: application/octet-stream" --data-binary @report.json \\
            "${server}/api/v1/gate?environment=${environment}&name=report.json" \\
            || { cat answer.json; exit 2; }
          jq -r '.reasons[] | "::error::" + .text' answer.json
          jq -e .allowed answer.json`;
}

export function gitlabText(server: string, environment: string): string {
  return `may-it-be-deployed:
  stage: deploy
  needs: [scan]  # the job that leaves report.json as an artifact
  script:
    - >-
      curl -sS --fail-with-body -o answer.json
      -H "Authorization: Bearer $PLIMSOLL_TOKEN"
      -H "Content-Type: application/octet-stream" --data-binary @report.json
      "${server}/api/v1/gate?environment=${environment}&name=report.json"
      || { cat answer.json; exit 2; }
    - jq -r '.reasons[].text' answer.json
    - jq -e .allowed answer.json`;
}
