using FitCluster.Models.Spec;

namespace FitCluster.Models.Results;

/// <summary>What becomes of a cell whose row or column the fit does not have.</summary>
internal enum UnknownPolicy
{
    /// <summary>It is an error.</summary>
    Refuse,

    /// <summary>It is passed over.</summary>
    Skip,

    /// <summary>It is predicted as one of the fit's rows, or columns, drawn at random (<see cref="AveragePredictor"/>).</summary>
    Mean,
}

/// <summary>Reads the option --unknown.</summary>
internal static class UnknownPolicies
{
    // In the order of the enumeration; the first is the default.
    private static readonly string[] Names = ["refuse", "skip", "mean"];

    public static UnknownPolicy Parse(string? text, ProblemList problems)
    {
        var at = text is null ? 0 : Array.IndexOf(Names, text);
        if (at < 0)
        {
            problems.Add($"--unknown cannot be '{text}'{Nearest.Suggest(text!, Names)}");
        }

        return (UnknownPolicy)int.Max(at, 0);
    }
}
