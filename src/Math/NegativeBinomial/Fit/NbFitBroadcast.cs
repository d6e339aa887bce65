using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Math.NegativeBinomial;

/// <summary>What the shards are sent.</summary>
internal sealed class NbFitBroadcast(NbStructure structure, NbCubature cubature)
{
    private const int NewtonSteps = 30;

    /// <summary>For the phase of a state.</summary>
    public ArraySet Of(StateSet<NbField> state)
    {
        var phase = (NbPhase)state.Whole(NbField.Phase);
        var shape = structure.Shape;
        var hasCapture = structure.Options.Capture != NbCapture.None;
        var isMixture = shape.Components > 1;
        var basis = Basis(state);
        switch (phase)
        {
            case NbPhase.Describe:
                return NbTables.New(shape, NbPassKind.Describe, basis, null, false).Arrays;
            case NbPhase.Histogram:
                return NbTables.New(shape, NbPassKind.Histogram, basis, Layout(state), false).Arrays;
            case NbPhase.Start:
                var start = NbTables.New(shape, NbPassKind.Start, basis, shape.ByEntry || isMixture ? Layout(state) : null, false);
                start[NbPassField.StartLogTotal] = state[NbField.StartLogTotal];
                return WithGroups(start);
            case NbPhase.Group:
                return WithGroups(NbTables.New(shape, NbPassKind.Group, basis, null, false));
        }

        var isLast = phase == NbPhase.Finish;
        var hasBase = !shape.ByEntry && (isMixture || isLast);
        var tables = NbTables.New(shape, NbPassKind.Pass, basis, shape.ByEntry || hasBase ? Layout(state) : null, hasBase);
        var parameters = state.Parameters(NbFitState.Current);
        new NbTableFill(structure, cubature).Fill(parameters, tables);
        NbWeights.Logs(shape, parameters.Concentration).CopyTo(tables.LogWeights, 0);
        tables[NbPassField.NewtonSteps] = NewtonSteps;
        tables[NbPassField.KeepLogLikelihood] = isLast ? 1 : 0;
        if (hasCapture && !isLast)
        {
            tables[NbPassField.RidgeStep] = state[NbField.RidgeStep];
            tables.RidgeGrid = NbRidge.Grid(state[NbField.RidgeWidth]);
        }

        return tables.Arrays;

        ArraySet WithGroups(NbTables of) => !isMixture ? of.Arrays : of.Arrays
            .Set(NbKeys.GroupRows, state[NbFitState.GroupRows])
            .Set(NbKeys.GroupDirections, state[NbFitState.GroupDirections], [shape.Components, shape.Genes])
            .Set(NbKeys.GroupOffsets, state[NbFitState.GroupOffsets], [shape.Components, shape.Datasets]);
    }

    /// <summary>The basis of a state.</summary>
    public static Chebyshev Basis(StateSet<NbField> state) =>
        state[NbField.Low] == 0 ? new Chebyshev(1, 0) : new Chebyshev(state.Whole(NbField.Count), state[NbField.Low]);

    /// <summary>The layout of a state.</summary>
    public static CountLayout Layout(StateSet<NbField> state) => new(state[NbFitState.Bits], state[NbFitState.Present]);
}
