/**
 * node bench/upload.ts <file>: uploads a file with Azure's SDK as its own documentation shows it, for the
 * classic pipeline.
 */
import { basename } from "node:path";
import { BlobServiceClient } from "@azure/storage-blob";

const [file = ""] = process.argv.slice(2);
const service = BlobServiceClient.fromConnectionString(process.env["AZURE_STORAGE_CONNECTION_STRING"] ?? "");
await service
  .getContainerClient("bench")
  .getBlockBlobClient(basename(file))
  .uploadFile(file, { blockSize: 8 << 20, concurrency: 4 });
