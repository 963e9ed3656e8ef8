import type { RequestPolicy, WebResource } from "@azure/storage-blob";
import {
  createDefaultHttpClient,
  createHttpHeaders,
  createPipelineRequest,
  type PipelineRequest,
  type PipelineResponse,
} from "@azure/core-rest-pipeline";
import { moved } from "./deadline.ts";
import { proxyFor } from "./proxy.ts";
import { isAzures, StrangerAnswer } from "./stranger.ts";

type CompatResponse = Awaited<ReturnType<RequestPolicy["sendRequest"]>>;

/** So much of a stranger's page is looked at. */
const PAGE_BYTES = 4096;
const ALL = new Set([Number.POSITIVE_INFINITY]);

/**
 * Carries the library's requests, as its own transport does, with two differences: bodies are read here, so
 * that every piece of them counts as progress, and an answer of somebody who is no blob service is refused,
 * before the library follows where it points or takes it for Azure's.
 */
export function storageTransport(env: Readonly<Record<string, string | undefined>>): RequestPolicy {
  const http = createDefaultHttpClient();
  return {
    async sendRequest(resource) {
      const response = await http.sendRequest(requestOf(resource));
      const headers = [...response.headers] as [string, string][];
      if (!isAzures(headers)) {
        const { hostname } = new URL(resource.url);
        throw new StrangerAnswer({
          status: response.status,
          host: hostname,
          proxy: proxyFor(hostname, env),
          header: (name) => response.headers.get(name),
          page: await beginningOf(response, resource),
        });
      }
      return await answerOf(response, resource);
    },
  };
}

function requestOf(resource: WebResource) {
  const { agent, abortSignal, requestOverrides } = resource;
  const body = resource.body as PipelineRequest["body"];
  const request = createPipelineRequest({
    url: resource.url,
    method: resource.method,
    headers: createHttpHeaders(resource.headers.toJson({ preserveCase: true })),
    timeout: resource.timeout,
    requestId: resource.requestId,
    allowInsecureConnection: true,
    streamResponseStatusCodes: ALL,
    ...(abortSignal === undefined ? {} : { abortSignal: abortSignal }),
    ...(body === undefined ? {} : { body }),
    ...(requestOverrides === undefined ? {} : { requestOverrides }),
  });
  // Which way to go, by a proxy or directly: what makes a request does not take it.
  if (agent !== undefined) request.agent = agent;
  return request;
}

async function answerOf(response: PipelineResponse, resource: WebResource): Promise<CompatResponse> {
  const { status, headers, readableStreamBody: body } = response;
  const wanted = resource.streamResponseStatusCodes;
  const isStream = wanted?.has(status) === true || wanted?.has(Number.POSITIVE_INFINITY) === true;
  const read = isStream ? { readableStreamBody: body } : { bodyAsText: await textOf(body, resource) };
  // Of the older shape of headers the library asks for this alone.
  const shape = { toJson: () => headers.toJSON({ preserveCase: true }) };
  return { status, headers: shape, request: resource, ...read } as unknown as CompatResponse;
}

async function textOf(body: NodeJS.ReadableStream | undefined, resource: WebResource): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of body ?? []) {
    pieces.push(Buffer.from(piece));
    moved(resource.abortSignal);
  }
  return Buffer.concat(pieces).toString("utf8");
}

async function beginningOf(response: PipelineResponse, { abortSignal }: WebResource): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  try {
    // Leaving the loop closes the connection.
    for await (const piece of response.readableStreamBody ?? []) {
      pieces.push(Buffer.from(piece));
      size += piece.length;
      if (size >= PAGE_BYTES) break;
    }
  } catch (error) {
    // Whether the page is whole says nothing more; that nobody waits any longer does.
    if (abortSignal?.aborted === true) throw error;
  }
  return Buffer.concat(pieces).toString("utf8").slice(0, PAGE_BYTES);
}
