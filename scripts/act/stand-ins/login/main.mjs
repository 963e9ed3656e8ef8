throw new Error("no store here is on Azure");
