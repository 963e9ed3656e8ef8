/**
 * Kudu's numbers: https://github.com/projectkudu/kudu/blob/master/Kudu.Contracts/Deployment/DeployStatus.cs
 */
export const STATUS = { pending: 0, building: 1, deploying: 2, failed: 3, success: 4 } as const;

/** One deployment of a package to a slot. */
export interface Deployment {
  readonly id: string;
  readonly received: Date;
  readonly deployer: string;
  status: (typeof STATUS)[keyof typeof STATUS];
  text: string;
  statusText: string | undefined;
  ended: Date | undefined;
}
