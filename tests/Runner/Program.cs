using System.Runtime.InteropServices;
using FitCluster.Runner;

// ./test calls it: [quick] [--only TEXT]. The last line is "N passed, N failed, N skipped"; exit code 0 when nothing failed.
var isQuick = args.Contains("quick");
var only = Array.IndexOf(args, "--only") is >= 0 and var at && at + 1 < args.Length ? args[at + 1] : "";
var root = Repository.Root();
var logs = Path.Combine(root, "artifacts", "tests");
Directory.CreateDirectory(logs);
var runs = Plan.Make(root, isQuick).Where(run => run.Name.Contains(only, StringComparison.OrdinalIgnoreCase)).ToList();
using var scheduler = new Scheduler(logs, Environment.ProcessorCount);
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Stop);
return Report.Print(await scheduler.Run(runs));

void Stop(PosixSignalContext context)
{
    context.Cancel = true;
    scheduler.Dispose();
    Environment.Exit(130);
}
