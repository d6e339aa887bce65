namespace FitCluster.Models.Spec;

/// <summary>Everything that is wrong with a spec, so that it can be said at once.</summary>
public sealed class ProblemList
{
    private readonly List<string> _problems = [];

    /// <summary>How many there are.</summary>
    public int Count => _problems.Count;

    /// <summary>All of them, a sentence each.</summary>
    public IReadOnlyList<string> All => _problems;

    /// <summary>Adds a problem, once.</summary>
    public void Add(string problem)
    {
        if (!_problems.Contains(problem))
        {
            _problems.Add(problem);
        }
    }

    /// <summary>Adds a problem with its place.</summary>
    public void Add(Origin origin, string problem) => Add($"{origin}: {problem}");

    /// <summary>Ends the program, when there is any problem, with all of them.</summary>
    public void ThrowIfAny()
    {
        if (_problems.Count > 0)
        {
            throw new ProblemException(ExitCode.BadInput, _problems);
        }
    }
}
