namespace FitCluster.Cli.Tests.Cases;

/// <summary>What is right for a case.</summary>
/// <param name="Check">Asserts it.</param>
internal sealed record CaseExpectation(Action<CaseRun> Check)
{
    /// <summary>Why it may fail for now, and then it is skipped; null: it may not.</summary>
    public string? Pending { get; init; }

    /// <summary>Whether it is for ./test --long alone.</summary>
    public bool IsLong { get; init; }

    /// <summary>Makes its commands shorter for ./test.</summary>
    public Func<string, string>? Shorten { get; init; }
}
