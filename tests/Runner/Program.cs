using System.Runtime.InteropServices;
using FitCluster.Runner;

// ./test calls it, with "quick" or without. The last line is "N passed, N failed, N skipped"; exit code 0 when nothing failed.
var isQuick = args.Contains("quick");
var root = Repository.Root();
var logs = Path.Combine(root, "artifacts", "tests");
Directory.CreateDirectory(logs);
using var scheduler = new Scheduler(logs, Environment.ProcessorCount);
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Stop);
return Report.Print(await scheduler.Run(Plan.Make(root, isQuick)));

void Stop(PosixSignalContext context)
{
    context.Cancel = true;
    scheduler.Dispose();
    Environment.Exit(130);
}
