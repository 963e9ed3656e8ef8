/** GitHub says the same of a workflow that is not there and of one that a token may not see. */
export function noWorkflow(file: string): string {
  return `Or .github/workflows has no ${file} on the default branch: then correct release.deploy.workflow.`;
}
