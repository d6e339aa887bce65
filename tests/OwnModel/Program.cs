using FitCluster.Models;
using FitCluster.OwnModel;

// The program fitcluster with one model more.
ModelKinds.Add("means", () => new MeansKind());
return FitCluster.Cli.Program.Main(args);
