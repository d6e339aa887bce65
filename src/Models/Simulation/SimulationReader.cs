using FitCluster.Models.Spec;

namespace FitCluster.Models.Simulation;

/// <summary>Turns the options of <c>simulate</c> into a simulator, and notes everything that is wrong with them.</summary>
internal static class SimulationReader
{
    public static readonly string[] Formats = ["csv", "mtx", "npy", "store"];

    /// <summary>What makes the simulator, once nothing is wrong; and the format of the data.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="simulator">Its simulator.</param>
    /// <param name="given">The values of the options that were given, by flag.</param>
    /// <param name="format">The format that was given.</param>
    /// <param name="problems">Takes what is wrong.</param>
    public static (Func<ISimulator> Create, string Format) Read(
        string model, SimulatorKind simulator, IReadOnlyList<(string Flag, string Value)> given, string? format, ProblemList problems)
    {
        var (root, overrides) = (new MapNode([], new Origin("command line", 0)), new SpecOverrides());
        foreach (var (flag, value) in given)
        {
            if (simulator.Fields.OfFlag(flag) is { } field)
            {
                overrides.Add(field.Name, value, flag);
            }
            else
            {
                problems.Add($"simulate: {flag} has no effect with the model {model}{simulator.InsteadOf(flag)}");
            }
        }

        overrides.ApplyTo(root, problems);
        var options = simulator.Fields.Read(
            new SectionReader(root, "", problems), new SectionReader(null, "stop", problems), Directory.GetCurrentDirectory(), problems);
        simulator.Check(options, problems);
        if (format is not null && !Formats.Contains(format))
        {
            problems.Add($"--format: format cannot be '{format}'{Nearest.Suggest(format, Formats)}");
        }

        return (() => simulator.Create(options), format ?? (simulator.DrawsCounts(options) ? "mtx" : "npy"));
    }
}
