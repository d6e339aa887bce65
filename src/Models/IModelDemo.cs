using FitCluster.Models.Reports;
using FitCluster.Models.Results;
using FitCluster.Models.Simulation;
using FitCluster.Models.Spec;

namespace FitCluster.Models;

/// <summary>A minute's tour of a kind of model: simulate, fit without the truth, compare with it.</summary>
public interface IModelDemo
{
    /// <summary>The simulator of the tour's data.</summary>
    ISimulator Simulator();

    /// <summary>The fit.</summary>
    /// <param name="data">The data.</param>
    /// <param name="output">The folder of its results.</param>
    JobSpec Spec(string data, string output);

    /// <summary>Compares the fit with the truth: words for stdout, and sections of the report.</summary>
    /// <param name="truth">The folder of the simulated data.</param>
    /// <param name="fit">The fit.</param>
    (string Words, IReadOnlyList<ReportSection> Sections) Compare(string truth, FinishedFit fit);

    /// <summary>Commands to go on with, one a line.</summary>
    IReadOnlyList<string> Next { get; }
}
