using System.Text.Json;
using FitCluster.Math.Models;

namespace FitCluster.Models.Results;

/// <summary>What of a fit's results depends on its model.</summary>
internal interface IModelOutput
{
    /// <summary>The option whose limit a fit has reached that ended by itself and did not converge.</summary>
    string LimitOption { get; }

    /// <summary>Writes the model's fields of fit.json.</summary>
    void WriteReport(Utf8JsonWriter writer, FitOutcome outcome);

    /// <summary>The results in short, for stdout.</summary>
    string Table(FitOutcome outcome, string folder);

    /// <summary>Writes arrays, priors and tables into a folder.</summary>
    void WriteFiles(string to, FitOutcome outcome);
}
