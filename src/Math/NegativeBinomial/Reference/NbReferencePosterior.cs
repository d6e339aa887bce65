using FitCluster.Messages;

namespace FitCluster.Math.NegativeBinomial;

/// <summary>Draws from the guides of a fit of the published optimizer (<see cref="NbReferenceModel"/>).</summary>
public sealed class NbReferencePosterior : INbDraws
{
    private readonly NbReferenceProblem _problem;
    private readonly double[] _parameters;

    /// <summary>Of a fit's results.</summary>
    /// <param name="options">The model.</param>
    /// <param name="results">The coordinator's results, with the guides' parameters ("guides").</param>
    /// <exception cref="ArgumentException">They are not of this model.</exception>
    public NbReferencePosterior(NbOptions options, ArraySet results)
    {
        _problem = new NbReferenceProblem(options);
        _parameters = results[NbReferenceResults.Guides];
        if (_parameters.Length != _problem.ParameterLength)
        {
            throw new ArgumentException(
                $"the guides have {_parameters.Length} parameters, and the model {_problem.ParameterLength}", nameof(results));
        }
    }

    /// <inheritdoc/>
    public void Fill(ulong seed, int number, NbDraw draw) => Fill(new NbReferenceDraw(_problem.Sites, _parameters, seed, number), draw);

    /// <inheritdoc/>
    public void FillMiddle(NbDraw draw) =>
        Fill(new NbReferenceDraw(_problem.Sites, _parameters, 0, 0, NbReferenceDrawKind.Zero), draw);

    private void Fill(NbReferenceDraw from, NbDraw draw)
    {
        var point = _problem.Point(from);
        point.R.CopyTo(draw.Dispersion, 0);
        for (var at = 0; at < point.R.Length; at++)
        {
            draw.Mean[at] = point.R[at] * point.Odds[at];
        }

        if (point.HasGate)
        {
            point.Gate.CopyTo(draw.Gate, 0);
        }

        if (point.Omega.Length > 0)
        {
            point.Omega.CopyTo(draw.Omega, 0);
        }
    }
}
