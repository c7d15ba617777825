# Draws ladder.csv: `gnuplot ladder.gp` in this directory.
data = 'ladder.csv'
c_rung = 23
c_name = 24
c_label = 27
c_paper = 29
c_ratio = 33
c_low = 34
c_high = 35
c_share = 39
c_time = 31
c_previous = 32
n_cases = 1
array first[1]
array last[1]
array file[1]
array title[1]
first[1] = 0; last[1] = 11; file[1] = 'ladder.svg'
title[1] = 'opt-125m (synthetic weights), sst2, batch 16, rank 2, 2 threads: from the loop to the runtime'


set encoding utf8
set datafile separator ','
set style fill solid 1 noborder
set border 3
set grid xtics back lc rgb '#dddddd'
set ytics scale 0
colours = '#9a9a9a #e8871e #3b75af'
array kinds[3] = ['loop and kernels', 'zogap alone', "the paper's runtime has it"]
character = 7.2 # in pixels, as what follows
bars = 380
line = 26

figure(x) = sprintf(x >= 99.95 ? '%.0f' : x >= 9.995 ? '%.1f' : x >= 0.9995 ? '%.2f' : '%.3f', x)
step_time(r) = column(c_time) * unit
from_time(r) = column(c_previous) * unit
low(r) = !(from_time(r) > 0) ? least : step_time(r) < from_time(r) ? step_time(r) : from_time(r)
high(r) = from_time(r) > step_time(r) ? from_time(r) : step_time(r)
kind(r) = column(c_paper) == 1 ? 3 : column(c_paper) == 0 ? 2 : 1
is_kind(r, i) = kind(r) == i && step_time(r) > 0
time_text(r) = step_time(r) > 0 ? figure(step_time(r)).' '.unit_name : '-'
interval(r) = sprintf(' [%s, %s]', figure(column(c_low)), figure(column(c_high)))
ratio_text(r) = !(step_time(r) > 0) ? 'failed its check' : !(column(c_ratio) > 0) ? '' : figure(column(c_ratio)).'x'.(column(c_low) > 0 ? interval(r) : ' (once)')
has_share(r) = column(c_low) > 0 && abs(column(c_share)) >= 0
share_text(r) = has_share(r) ? sprintf('%.1f %%', 100 * column(c_share)) : ''
wider(a, b) = a > b ? a : b

do for [k = 1:n_cases] {
    unset logscale
    set xrange [*:*]
    set yrange [*:*] # stats heeds them
    stats data skip 1 every ::first[k]::last[k] using c_time nooutput
    unit = STATS_max < 10 ? 1e3 : 1
    unit_name = STATS_max < 10 ? 'ms' : 's'
    least = STATS_min * unit / 1.3
    most = STATS_max * unit * 1.1
    stats data skip 1 every ::first[k]::last[k] using (strlen(strcol(c_name))) nooutput
    left = character * STATS_max + 30
    stats data skip 1 every ::first[k]::last[k] using (strlen(ratio_text(0))) nooutput
    ratio_at = 95
    share_at = ratio_at + character * STATS_max + 20
    stats data skip 1 every ::first[k]::last[k] using (has_share(0) ? 1 : 0) nooutput
    label_at = share_at + (STATS_sum > 0 ? 75 : 0)
    stats data skip 1 every ::first[k]::last[k] using (strlen(strcol(c_label))) nooutput
    width = wider(left + bars + label_at + character * STATS_max + 10, character * strlen(title[k]) + 20)
    array keys[3]
    below = 65
    do for [i = 1:3] {
        stats data skip 1 every ::first[k]::last[k] using (is_kind(0, i) ? 1 : 0) nooutput
        keys[i] = STATS_sum > 0 ? kinds[i] : ''
        below = below + (STATS_sum > 0 ? 20 : 0)
    }
    height = 40.0 + below + line * (last[k] - first[k] + 1)
    set terminal svg size width, height dynamic noenhanced name 'ladder' font 'sans-serif,13' background 'white'
    set output file[k]
    set label 1 title[k] at screen 10 / width, 1 - 18 / height left noenhanced
    set lmargin at screen left / width
    set rmargin at screen (left + bars) / width
    set tmargin at screen 1 - 34 / height
    set bmargin at screen below / height
    set key at screen left / width, 10 / height left bottom vertical Left reverse samplen 1 noenhanced
    set xlabel 'time of a step, '.unit_name.' (log scale)'
    set logscale x
    set xtics nomirror ()
    set for [d = -4:6] for [m in (most / least > 30 ? '1' : '1 2 5')] xtics add (sprintf('%g', m * 10.0 ** d) m * 10.0 ** d)
    set xrange [least : most]
    set yrange [first[k] - last[k] - 0.6 : 0.6]
    plot for [i = 1:3] data skip 1 every ::first[k]::last[k] \
             using (is_kind(0, i) ? step_time(0) : NaN):(-column(c_rung)):(low(0)):(high(0)):(-column(c_rung) - 0.35):(-column(c_rung) + 0.35) \
             with boxxyerror lc rgb word(colours, i) title keys[i], \
         data skip 1 every ::first[k]::last[k] using (most):(-column(c_rung)):(time_text(0)):ytic(c_name) \
             with labels right offset screen 80 / width, 0 tc rgb '#333333' notitle, \
         data skip 1 every ::first[k]::last[k] using (most):(-column(c_rung)):(ratio_text(0)) \
             with labels left offset screen ratio_at / width, 0 tc rgb '#333333' notitle, \
         data skip 1 every ::first[k]::last[k] using (most):(-column(c_rung)):(share_text(0)) \
             with labels right offset screen (share_at + 50) / width, 0 tc rgb '#333333' notitle, \
         data skip 1 every ::first[k]::last[k] using (most):(-column(c_rung)):(strcol(c_label)) \
             with labels left offset screen label_at / width, 0 tc rgb '#333333' notitle
    set output
}
