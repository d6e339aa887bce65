namespace FitCluster.Runner;

internal enum TestEnd
{
    Passed,
    Failed,
    Skipped,
}

/// <summary>One test's end.</summary>
/// <param name="Name">Namespace, class, method and arguments.</param>
/// <param name="End">How it ended.</param>
/// <param name="Seconds">How long it took.</param>
/// <param name="Message">Why it failed or was skipped.</param>
/// <param name="Stack">Where it failed.</param>
internal sealed record TestResult(string Name, TestEnd End, double Seconds, string Message, string Stack);
